//! The schemas in `proto/amct` say what the readers accept.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use amct_artifacts::definition::ConfigDefinition;
use amct_artifacts::record::Record;
use amct_tensor::Chain;

type Fields = BTreeSet<String>;

/// The fields of every message of a schema.
fn messages(file: &str) -> BTreeMap<String, Fields> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/amct");
    let set = protox::compile([file], [root]).unwrap();
    let [schema] = set.file.as_slice() else { panic!("{file} imports others") };
    let fields = schema.message_type.iter().map(|message| {
        let names = message.field.iter().map(|field| field.name().to_owned());
        (message.name().to_owned(), names.collect())
    });
    fields.collect()
}

/// The fields that the error about an unknown one names.
fn accepted(error: &str) -> Fields {
    let (_, list) = error.split_once("(accepted: ").unwrap();
    list.trim_end_matches(')').split(", ").map(str::to_owned).collect()
}

#[test]
fn the_simplified_configuration() {
    let mut messages = messages("calibration_config_tf.proto");
    // It is accepted, but there is no point in proposing it.
    assert!(messages.get_mut("AMCTConfig").unwrap().remove("skip_approximation_layers"));
    for (message, text) in [
        ("AMCTConfig", "_: 0"),
        ("OverrideLayerType", "override_layer_types { _: 0 }"),
        ("OverrideLayer", "override_layer_configs { _: 0 }"),
        ("CalibrationConfig", "common_config { _: 0 }"),
        ("ARQuantize", "common_config { arq_quantize { _: 0 } }"),
        ("FMRQuantize", "common_config { ifmr_quantize { _: 0 } }"),
        ("HFMGQuantize", "common_config { hfmg_quantize { _: 0 } }"),
        ("PercentileQuantize", "common_config { percentile_quantize { _: 0 } }"),
        ("MinMaxQuantize", "common_config { minmax_quantize { _: 0 } }"),
        ("DMQBalancer", "common_config { dmq_balancer { _: 0 } }"),
        ("TensorQuantize", "tensor_quantize { _: 0 }"),
    ] {
        let error = Chain(&ConfigDefinition::parse(text).unwrap_err()).to_string();
        assert_eq!(Some(accepted(&error)), messages.remove(message), "{message}");
    }
    assert!(messages.is_empty(), "{messages:?}");
}

#[test]
fn the_record() {
    let mut messages = messages("scale_offset_record_tf.proto");
    for (message, text) in [
        ("ScaleOffsetRecord", "_: 0"),
        ("MapFiledEntry", "record { _: 0 }"),
        ("SingleLayerRecord", "record { key: 'a' value { _: 0 } }"),
    ] {
        let error = Chain(&Record::parse(text).unwrap_err()).to_string();
        assert_eq!(Some(accepted(&error)), messages.remove(message), "{message}");
    }
    assert!(messages.is_empty(), "{messages:?}");
}
