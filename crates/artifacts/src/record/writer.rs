//! Writes a record as protobuf text, byte for byte as AMCT does.

use super::{Record, RecordEntry, proto_float};
use crate::text_format::write_quoted;

impl Record {
    /// The text of the file; empty for a record without entries.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            text.push_str("record {\n  key: ");
            write_quoted(&entry.key, &mut text);
            text.push_str("\n  value {\n");
            write_value(entry, &mut text);
            text.push_str("  }\n}\n");
        }
        text
    }
}

/// The fields in the order of their numbers.
fn write_value(entry: &RecordEntry, text: &mut String) {
    each(text, "scale_d", entry.scale_d.map(proto_float));
    each(text, "offset_d", entry.offset_d);
    each(text, "scale_w", entry.scale_w.iter().copied().map(proto_float));
    each(text, "offset_w", &entry.offset_w);
    each(text, "shift_bit", &entry.shift_bit);
    each(text, "cluster", &entry.cluster);
    each(text, "skip_fusion", entry.skip_fusion);
    each(text, "dst_type", entry.dst_type.as_deref().map(quoted));
    each(text, "prune_producer", entry.prune_producer.iter().map(|name| quoted(name)));
    each(text, "prune_consumer", entry.prune_consumer.iter().map(|name| quoted(name)));
    each(text, "tensor_balance_factor", entry.tensor_balance_factor.iter().copied().map(proto_float));
    each(text, "act_type", entry.act_type.as_deref().map(quoted));
    each(text, "wts_type", entry.wts_type.as_deref().map(quoted));
    each(text, "fakequant_precision_mode", entry.fakequant_precision_mode.as_deref().map(quoted));
}

fn each<V: std::fmt::Display>(text: &mut String, name: &str, values: impl IntoIterator<Item = V>) {
    for value in values {
        text.push_str(&format!("    {name}: {value}\n"));
    }
}

fn quoted(value: &str) -> String {
    let mut text = String::new();
    write_quoted(value, &mut text);
    text
}
