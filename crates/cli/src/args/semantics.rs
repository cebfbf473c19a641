use amct_interpreter::{Arithmetic, Device};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Whose arithmetic the quantized layers are computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semantics {
    /// TensorFlow with AMCT's CPU kernels.
    Tf,
    /// A chip.
    Device(Device),
}

impl Semantics {
    /// In integers, or if TensorFlow is simulated to the letter in floats; `None` for a chip that is to be
    /// simulated in floats.
    pub(crate) fn arithmetic(self, simulate: bool) -> Option<Arithmetic> {
        match (self, simulate) {
            (Semantics::Tf, false) => Some(Arithmetic::Integer),
            (Semantics::Tf, true) => Some(Arithmetic::FloatSimulation),
            (Semantics::Device(device), false) => Some(Arithmetic::Device(device)),
            (Semantics::Device(_), true) => None,
        }
    }
}

/// `tf`, or the name of a chip.
pub(super) fn semantics() -> impl TypedValueParser<Value = Semantics> {
    let names = ["tf"].into_iter().chain(Device::ALL.into_iter().map(Device::name));
    PossibleValuesParser::new(names.collect::<Vec<_>>())
        .map(|name| Device::from_name(&name).map_or(Semantics::Tf, Semantics::Device))
}
