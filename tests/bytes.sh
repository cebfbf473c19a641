#!/usr/bin/env bash
# The hash of every file and result that amct makes of the shipped model and of the graphs in tests/golden, one per
# line, sorted by name.
#
#   tests/bytes.sh AMCT                                  prints them; AMCT is the program, target/release/amct say
#   tests/bytes.sh AMCT | diff tests/bytes.txt -         nothing, as long as no byte has changed
#   tests/bytes.sh AMCT > tests/bytes.txt                after a change of bytes that is meant; say why in CHANGELOG.md
set -euo pipefail
amct=$(realpath "$1")
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
graphs=tests/golden/graphs

# Runs the program; what it prints goes to the file named first. Exit code 1 is a finding, no error.
amct() {
    local printed=$1
    shift
    mkdir -p "$(dirname "$out/$printed")"
    "$amct" --log-level error "$@" >"$out/$printed" 2>"$out/stderr" || test $? = 1 || {
        cat "$out/stderr" >&2
        echo "failed: amct $*" >&2
        return 1
    }
}

# The header of a .npy: its shape, "1,32,32,3", and then its data, as AMCT's raw batches have them.
shape_of() { head -c 128 "$1" | grep -ao "'shape': ([^)]*)" | tr -dc '0-9,' | sed 's/,$//'; }
data_of() { tail -c +$((11 + $(od -An -tu2 -j8 -N2 "$1"))) "$1"; }

# The shipped model, by each command that writes or prints something of it.
model=model/mobilenetv2_tf.pb
image=data/classification.jpg
amct mobilenet_v2/quantize.txt quantize --save-path "$out/mobilenet_v2/m"
amct mobilenet_v2_dmq/quantize.txt quantize --dmq --batch-num 4 --save-path "$out/mobilenet_v2_dmq/m"
amct mobilenet_v2/verify.json verify "$out/mobilenet_v2/m_quantized.pb" --original $model --format json
amct mobilenet_v2/compare.csv compare $model "$out/mobilenet_v2/m_quantized.pb" --limit 2 --format csv
amct mobilenet_v2/compare.json compare $model "$out/mobilenet_v2/m_quantized.pb" --limit 2 --format json --nodes
amct mobilenet_v2/sensitivity.csv sensitivity --batch-num 2 --format csv --ranking "$out/mobilenet_v2/ranking.json"
amct mobilenet_v2/config.txt config --model $model --config-file "$out/mobilenet_v2/config_of_model.json"
amct mobilenet_v2/inspect.json inspect $model --json
amct mobilenet_v2/inspect_quantized.json inspect "$out/mobilenet_v2/m_quantized.pb" --json
amct mobilenet_v2_again/convert.txt convert-model --model $model --record "$out/mobilenet_v2/record.txt" \
    --save_path "$out/mobilenet_v2_again/m"
output=$(sed -n 's/.*"outputs": *\["\([^":]*\).*/\1/p' "$out/mobilenet_v2/inspect.json" | head -1)
output=${output:-MobilenetV2/Predictions/Reshape_1}
for semantics in tf npu-310 npu-310p npu-910 npu-910b npu-310b npu-950; do
    amct "mobilenet_v2/run_$semantics.txt" run "$out/mobilenet_v2/m_quantized.pb" --input $image \
        --semantics $semantics --output "$output=$out/mobilenet_v2/run_$semantics.npy"
done
amct mobilenet_v2/run_float.txt run $model --input $image --output "$output=$out/mobilenet_v2/run_float.npy"
amct mobilenet_v2/run_fused.txt run $model --input $image --fuse --output "$output=$out/mobilenet_v2/run_fused.npy"
amct mobilenet_v2/run_dump.txt run "$out/mobilenet_v2/m_quantized.pb" --input $image --dump "$out/dump"
# The names of dumps hold the time.
(cd "$out/dump" && for file in *.npy; do printf '%s %s\n' "$(sha256sum <"$file")" "$(sed 's/[0-9]\{10,\}//' <<<"$file")"; done | sort) \
    >"$out/mobilenet_v2/dump.txt"
rm -r "$out/dump"

# Each small graph: calibrated on its own input, converted, run.
for pb in "$graphs"/*.pb; do
    name=$(basename "$pb" .pb)
    npy=$graphs/$name.input.npy
    input=$(sed -n 1p "$graphs/$name.names")
    outputs=$(sed 1d "$graphs/$name.names" | paste -sd';')
    mkdir -p "$out/data"
    data_of "$npy" >"$out/data/batch.bin"
    case $name in
    qat_*)
        amct "$name/convert.txt" convert --model "$pb" --outputs "$outputs" --save_path "$out/$name/m" \
            --record_file "$out/$name/record.txt"
        ;;
    *)
        amct "$name/calibration.txt" calibration --model "$pb" --outputs "$outputs" \
            --input_shape "$input:$(shape_of "$npy")" --data_dir "$out/data/" --data_types float32 \
            --save_path "$out/$name/m"
        ;;
    esac
    named=()
    while read -r output; do
        named+=(--output "$output=$out/$name/${output//[\/:]/_}.npy")
    done < <(sed 1d "$graphs/$name.names")
    amct "$name/run.txt" run "$out/$name/m_quantized.pb" --input "$npy" "${named[@]}"
    for semantics in npu-310 npu-310p npu-910b; do
        amct "$name/run_$semantics.txt" run "$out/$name/m_quantized.pb" --input "$npy" --semantics $semantics \
            "${named[@]//.npy/_$semantics.npy}"
    done
    amct "$name/verify.json" verify "$out/$name/m_quantized.pb" --original "$pb" --format json
    amct "$name/inspect.json" inspect "$pb" --json
    amct "$name/compare.csv" compare "$pb" "$out/$name/m_quantized.pb" --input "$npy" --format csv \
        $(sed '1d;s/^/--output /' "$graphs/$name.names")
    amct "$name/compare.json" compare "$pb" "$out/$name/m_quantized.pb" --input "$npy" --format json --nodes \
        $(sed '1d;s/^/--output /' "$graphs/$name.names")
done
rm -r "$out/data" "$out/stderr"

# What is printed holds the folder that was written to.
find "$out" -name '*.txt' -o -name '*.json' -o -name '*.csv' | xargs sed -i "s#$out#OUT#g"
cd "$out"
find . -type f | sed 's#^\./##' | LC_ALL=C sort | xargs sha256sum
