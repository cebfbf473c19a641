//! `MaxPool` beside quantized readers: the value they share is then moved in int8 only.
//!
//! AMCT does so by default: the compiled ResNet-50 of its samples has an `AscendAntiQuant` before
//! each `MaxPool` shortcut of a residual block, in the scope of the convolution beside it.

use std::collections::BTreeMap;

use amct_graph::{Outlet, Use, op};
use amct_tensor::internal;

use super::PASS;
use super::anti_quant::tensor_problem;
use super::builder::Builder;
use super::quant_key::QuantKey;
use crate::RewriteError;
use crate::outputs::Outputs;

/// The ops whose value is treated so. AMCT's list holds `Relu`; whether more is not known.
const PRODUCERS: [&str; 1] = [op::RELU];

impl Builder<'_> {
    /// Gives the value of the one `AscendQuant` behind a producer to the `MaxPool`s there too,
    /// provided that there is one only and that nothing else reads the producer.
    pub(super) fn add_pools(&mut self, outputs: &Outputs) -> Result<(), RewriteError> {
        let mut behind: BTreeMap<Outlet, Vec<QuantKey>> = BTreeMap::new();
        for key in self.quants.keys() {
            behind.entry(key.outlet).or_default().push(*key);
        }
        for (outlet, keys) in behind {
            let producer = self.graph.node(outlet.node);
            let &[key] = keys.as_slice() else { continue };
            if !PRODUCERS.contains(&producer.op.as_str()) || outputs.has_node(outlet.node) {
                continue;
            }
            let uses = self.consumers.of(outlet);
            let others: Vec<Use> =
                uses.iter().filter(|use_| !self.quantized_uses.contains_key(use_)).copied().collect();
            let quant = self
                .quants
                .get(&key)
                .copied()
                .ok_or_else(|| internal!("a quantization that is not there"))?;
            if !others.iter().all(|use_| self.is_pool(use_)) {
                continue;
            }
            for pool in others {
                self.add_anti_quant(key, quant, pool);
                let name = &self.graph.node(pool.node).name;
                log::info!(target: PASS, "MaxPool '{name}' shares the quantized value of '{}'", producer.name);
                self.built.pools.push(name.clone());
            }
        }
        Ok(())
    }

    fn is_pool(&self, use_: &Use) -> bool {
        let node = self.graph.node(use_.node);
        node.op == op::MAX_POOL && tensor_problem(node, use_.input).is_none()
    }
}
