//! `amct calibration`: AMCT's own command line, option by option.

use std::process::Output;

use amct_artifacts::record::Record;
use amct_graph::{AttrValue, type_code};
use amct_tensor::{DType, Tensor};

use crate::builder::{Builder, one_convolution};
use crate::job::Job;

const FILES: [&str; 4] = ["config.json", "m_quant.json", "m_quantized.pb", "record.txt"];
const USUAL: [&str; 6] = [
    "--model=model.pb",
    "--outputs=conv/Conv2D:0",
    "--input_shape=input:1,4,4,3",
    "--data_dir=bins",
    "--data_types=float32",
    "--save_path=out/m",
];

/// 48 elements of a batch [1, 4, 4, 3].
fn elements<const N: usize>(bytes: impl Fn(u8) -> [u8; N]) -> Vec<u8> {
    (0..48).flat_map(bytes).collect()
}

/// A model with two batches.
fn job(model: Builder) -> Job {
    let job = Job::new();
    model.write(&job.path("model.pb"));
    job.file("bins/0.bin", &elements(|i| f32::from(i).to_le_bytes()));
    job.file("bins/1.bin", &elements(|i| (f32::from(i) / 2.0).to_le_bytes()));
    job
}

fn calibrate(job: &Job, options: &[&str]) -> Output {
    job.run(&[&["calibration"], options].concat())
}

/// `USUAL` with the options that begin like these replaced by them.
fn with<'o>(further: &[&'o str]) -> Vec<&'o str> {
    let name = |option: &str| option.split('=').next().unwrap().to_owned();
    let usual = USUAL.into_iter().filter(|usual| further.iter().all(|option| name(option) != name(usual)));
    usual.chain(further.iter().copied()).collect()
}

#[track_caller]
fn assert_done(job: &Job, output: &Output) -> Vec<Vec<u8>> {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(job.results(), FILES);
    FILES.iter().map(|file| std::fs::read(job.path(&format!("out/{file}"))).unwrap()).collect()
}

/// The command line itself is wrong; nothing is written.
#[track_caller]
fn assert_usage(job: &Job, output: &Output, words: &[&str]) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    // Long lines are wrapped.
    let text = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(text.contains(word), "no \"{word}\" in: {text}");
    }
    assert_eq!(job.results(), [""; 0]);
}

#[test]
fn every_spelling_of_the_options_gives_the_same_files() {
    let job = job(one_convolution());
    let usual = assert_done(&job, &calibrate(&job, &USUAL));
    let spellings: [&[&str]; 4] = [
        // With blanks, as in AMCT's manual.
        &[
            "--model",
            "model.pb",
            "--outputs",
            "conv/Conv2D:0",
            "--input_shape",
            "input:1,4,4,3",
            "--data_dir",
            "bins",
            "--data_types",
            "float32",
            "--save_path",
            "out/m",
            "--batch_num",
            "1",
        ],
        // With hyphens.
        &[
            "--model=model.pb",
            "--outputs=conv/Conv2D",
            "--input-shape=input:0:1,4,4,3",
            "--data-dir=bins/",
            "--data-types=float32",
            "--save-path=out/m",
            "--batch-num=1",
        ],
        // Abbreviated, as Python's argparse allows and AMCT's sample does.
        &[
            "--mod=model.pb",
            "--out=conv/Conv2D:0",
            "--input=input:1,4,4,3",
            "--data_d",
            "bins",
            "--data_type=float32",
            "--save=out/m",
            "--batch=1",
        ],
        // With separators that part nothing.
        &[
            "--model=model.pb",
            "--outputs=conv/Conv2D:0;",
            "--input_shape= input:1, 4, 4, 3 ;",
            "--data_dir=bins;",
            "--data_types=float32;",
            "--save_path=./out/m",
        ],
    ];
    for spelling in spellings {
        assert!(assert_done(&job, &calibrate(&job, spelling)) == usual, "{spelling:?}");
    }
}

#[test]
fn an_abbreviation_of_several_options_is_refused() {
    let job = job(one_convolution());
    assert_usage(&job, &calibrate(&job, &with(&["--data=bins"])), &["'--data'"]);
}

#[test]
fn help_has_both_of_amcts_names() {
    let job = Job::new();
    for name in ["--help", "--h", "-h"] {
        let output = calibrate(&job, &[name]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("--data_types"), "{name}");
    }
}

#[test]
fn every_required_option_is_asked_for() {
    let job = job(one_convolution());
    for missing in USUAL {
        let options: Vec<&str> = USUAL.into_iter().filter(|option| *option != missing).collect();
        let name = missing.split('=').next().unwrap();
        assert_usage(&job, &calibrate(&job, &options), &["required", name]);
    }
    let output = calibrate(&job, &[]);
    let names: Vec<&str> = USUAL.iter().map(|option| option.split('=').next().unwrap()).collect();
    assert_usage(&job, &output, &names);
}

#[test]
fn options_that_need_python_or_another_framework() {
    let job = job(one_convolution());
    let only_evaluator = ["--model=model.pb", "--outputs=a:0", "--save_path=out/m", "--evaluator=eval.py"];
    let words = ["amct runs no Python", "raw files", "--data_dir"];
    assert_usage(&job, &calibrate(&job, &only_evaluator), &words);
    assert_usage(&job, &calibrate(&job, &with(&["--evaluator=eval.py"])), &words);
    assert_usage(&job, &calibrate(&job, &with(&["--gpu_id=0"])), &["Caffe only", "leave the option out"]);
    assert_usage(
        &job,
        &calibrate(&job, &with(&["--feature=quant"])),
        &["not public", "leave the option out"],
    );
    assert_usage(&job, &calibrate(&job, &with(&["--gpu=0"])), &["Caffe only"]);
}

#[test]
fn several_batches() {
    let job = job(one_convolution());
    let one = assert_done(&job, &calibrate(&job, &USUAL));
    let two = assert_done(&job, &calibrate(&job, &with(&["--batch_num=2"])));
    assert!(one != two);
    assert!(String::from_utf8(two[0].clone()).unwrap().contains("\"batch_num\":2"));
}

#[test]
fn a_number_of_batches_that_is_none() {
    let job = job(one_convolution());
    let zero = "The batch_num must be greater than zero.";
    for (wrong, text) in [("0", zero), ("-1", zero), ("x", "'x' is not a number of batches")] {
        assert_usage(&job, &calibrate(&job, &with(&["--batch_num", wrong])), &["--batch_num", text]);
    }
}

#[test]
fn several_outputs() {
    let model =
        one_convolution().node("left", "Relu", &["conv/Conv2D"]).node("right", "Relu6", &["conv/Conv2D"]);
    let job = job(model);
    assert_done(&job, &calibrate(&job, &with(&["--outputs=left:0;right:0"])));
    let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
    assert!(graph.find("left").is_some() && graph.find("right").is_some());
    // What no output needs is not calibrated, but stays.
    assert_done(&job, &calibrate(&job, &with(&["--outputs=left"])));
}

/// Two inputs, added up before the convolution; the second is a vector.
fn two_inputs() -> Builder {
    Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .placeholder("shift", &[3])
        .node("sum", "AddV2", &["input", "shift"])
        .filter("conv/weights")
        .convolution("conv/Conv2D", "sum", "conv/weights")
}

#[test]
fn several_inputs() {
    let job = job(two_inputs());
    let file = |name: &str, values: [f64; 3]| {
        job.file(name, &values.map(f64::to_le_bytes).concat());
    };
    file("shifts/a.bin", [0.0, 1.0, 100.0]);
    file("shifts/b.bin", [0.0, 0.0, 0.0]);
    let options = |order: [usize; 2]| {
        let join = |items: [&str; 2]| order.map(|index| items[index]).join(";");
        [
            format!("--input_shape={}", join(["input:1,4,4,3", "shift:0:3"])),
            format!("--data_dir={}", join(["bins/", "shifts/"])),
            format!("--data_types={}", join(["float32", "float64"])),
        ]
    };
    let run = |order| {
        let options = options(order);
        calibrate(&job, &with(&[&options[0], &options[1], &options[2], "--batch_num=2"]))
    };
    // The order is theirs to choose, as long as it is one.
    let first = assert_done(&job, &run([0, 1]));
    assert!(assert_done(&job, &run([1, 0])) == first);
    let record = Record::read(job.path("out/record.txt")).unwrap();
    let scale = record.entries[0].scale_d.unwrap();
    assert!(scale * 255.0 > 100.0, "the largest sum is 147, but the scale is {scale}");
}

#[test]
fn inputs_that_do_not_fit_the_model() {
    let job = job(two_inputs());
    job.assert_refused(
        &calibrate(&job, &USUAL),
        &["You must feed a value for placeholder tensor 'shift'", "--input-shape"],
    );
    let twice = with(&[
        "--input_shape=input:1,4,4,3;input:0:1,4,4,3",
        "--data_dir=bins;bins",
        "--data_types=float32;float32",
    ]);
    job.assert_refused(&calibrate(&job, &twice), &["'input' is given twice"]);
    let fewer = with(&["--input_shape=input:1,4,4,3;shift:3", "--data_types=float32;float32"]);
    job.assert_refused(
        &calibrate(&job, &fewer),
        &["--input_shape names 2", "--data_dir 1", "--data_types 2"],
    );
}

#[test]
fn an_input_with_too_few_files() {
    let job = job(two_inputs());
    job.file("shifts/a.bin", &[0; 12]);
    let options = with(&[
        "--input_shape=input:1,4,4,3;shift:3",
        "--data_dir=bins;shifts",
        "--data_types=float32;float32",
        "--batch_num=2",
    ]);
    let words = [
        "The number of given data batches is not enough to run calibration with the given batch_num.",
        "Total batches found: 1, but trying to load: 2.",
        "shifts",
    ];
    job.assert_refused(&calibrate(&job, &options), &words);
}

#[test]
fn free_dimensions_take_the_size_of_the_data() {
    let free = Builder::default().placeholder("input", &[-1, -1, -1, 3]).filter("conv/weights").convolution(
        "conv/Conv2D",
        "input",
        "conv/weights",
    );
    let job = job(free);
    for shape in ["1,4,4,3", "4,2,2,3", "2,1,8,3"] {
        assert_done(&job, &calibrate(&job, &with(&[&format!("--input_shape=input:{shape}")])));
    }
    std::fs::remove_dir_all(job.path("out")).unwrap();
    for shape in ["?,4,4,3", "-1,4,4,3"] {
        let output = calibrate(&job, &with(&[&format!("--input_shape=input:{shape}")]));
        assert_usage(&job, &output, &["a dimension that the model leaves free needs a size"]);
    }
    let output = calibrate(&job, &with(&["--input_shape=input:2,4,4,3"]));
    job.assert_refused(&output, &["bins/0.bin holds 192 bytes", "[2, 4, 4, 3] needs 384", "check the shape"]);
}

/// The bytes of small whole numbers in a type.
fn dump(dtype: DType) -> Vec<u8> {
    match dtype {
        // 0.0, 1.0 and 2.0 in half precision.
        DType::F16 => elements(|i| [0x0000_u16, 0x3c00, 0x4000][usize::from(i) % 3].to_le_bytes()),
        DType::F32 => elements(|i| f32::from(i % 3).to_le_bytes()),
        DType::F64 => elements(|i| f64::from(i % 3).to_le_bytes()),
        DType::I8 | DType::U8 => elements(|i| [i % 3]),
        DType::I16 | DType::U16 => elements(|i| u16::from(i % 3).to_le_bytes()),
        DType::I32 | DType::U32 => elements(|i| u32::from(i % 3).to_le_bytes()),
        DType::I64 | DType::U64 => elements(|i| u64::from(i % 3).to_le_bytes()),
        DType::Bool => elements(|i| [u8::from(i % 3 > 0)]),
        DType::String => unreachable!(),
    }
}

#[test]
fn every_data_type_is_read_and_converted_as_tensorflow_does() {
    let job = job(one_convolution());
    job.file("bins/0.bin", &dump(DType::F32));
    let expected = assert_done(&job, &calibrate(&job, &USUAL));
    let types = DType::ALL.into_iter().filter(|&dtype| dtype != DType::String);
    assert_eq!(types.clone().count(), 12);
    for dtype in types {
        job.file("bins/0.bin", &dump(dtype));
        let found = assert_done(&job, &calibrate(&job, &with(&[&format!("--data_types={dtype}")])));
        // A boolean has no 2.
        assert_eq!(found == expected, dtype != DType::Bool, "{dtype}");
    }
}

#[test]
fn a_data_type_that_numpy_does_not_have() {
    let job = job(one_convolution());
    for wrong in ["float", "string", "DT_FLOAT", ""] {
        let output = calibrate(&job, &with(&[&format!("--data_types={wrong}")]));
        assert_usage(&job, &output, &["--data_types"]);
    }
    let output = calibrate(&job, &with(&["--data_types=float"]));
    assert_usage(&job, &output, &["'float' is not a data type", "float64, float32, float16, int8"]);
}

/// The model with an input of integers.
fn of_integers(dtype: DType) -> Builder {
    let code = AttrValue::Type(type_code(dtype));
    Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .attr("dtype", code.clone())
        .node("cast", "Cast", &["input"])
        .attr("SrcT", code)
        .attr("DstT", AttrValue::Type(type_code(DType::F32)))
        .constant("half", &Tensor::scalar(0.5_f32))
        .node("halved", "Mul", &["cast", "half"])
        .filter("conv/weights")
        .convolution("conv/Conv2D", "halved", "conv/weights")
}

#[test]
fn an_input_of_integers_takes_every_data_type() {
    for dtype in [DType::I32, DType::U8, DType::I64] {
        let job = job(of_integers(dtype));
        job.file("bins/0.bin", &dump(dtype));
        let expected = assert_done(&job, &calibrate(&job, &with(&[&format!("--data_types={dtype}")])));
        for other in [DType::F32, DType::I64, DType::U16] {
            job.file("bins/0.bin", &dump(other));
            let found = assert_done(&job, &calibrate(&job, &with(&[&format!("--data_types={other}")])));
            assert!(found == expected, "{other} for {dtype}");
        }
    }
}

#[test]
fn the_algorithm_of_activations_is_an_argument() {
    let job = job(one_convolution());
    assert_usage(&job, &calibrate(&job, &with(&["--act_algo=kl"])), &["possible values: ifmr, hfmg,"]);
    let entry = |algorithm: &str, further: &[&str]| {
        let files = assert_done(&job, &calibrate(&job, &with(further)));
        let text = |file: &[u8]| String::from_utf8(file.to_vec()).unwrap();
        let (config, record) = (text(&files[0]), text(&files[3]));
        assert!(config.contains(&format!("\"act_algo\":\"{algorithm}\"")), "{config}");
        Record::parse(&record).unwrap().entries.remove(0)
    };
    assert_eq!(entry("ifmr", &["--act_algo=ifmr"]), entry("ifmr", &[]));
    let range = entry("minmax", &["--act-algo=minmax"]);
    // 0 to 47.
    assert_eq!((range.scale_d, range.offset_d), (Some(47.0 / 255.0), Some(-128)));
}

#[test]
fn a_number_that_the_input_cannot_hold() {
    let job = job(of_integers(DType::U8));
    job.file("bins/0.bin", &elements(|i| (i32::from(i) * 6).to_le_bytes()));
    let output = calibrate(&job, &with(&["--data_types=int32"]));
    job.assert_refused(&output, &["bins/0.bin holds 258", "'input' takes uint8"]);
}
