//! Strategies: which configuration to try next. Here are the trait and AMCT's bisection.

use amct_artifacts::auto_calibration::Ranking;

/// Which of the ranked layers are quantized.
pub type Configuration = Vec<(String, bool)>;

/// What a strategy wants next.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The configuration to try; with `stop` the one to end with.
    pub configuration: Configuration,
    /// Whether the search is over.
    pub stop: bool,
}

/// Chooses configurations one after the other.
pub trait Strategy {
    /// Begins a search over ranked layers.
    fn initialize(&mut self, ranking: &Ranking);

    /// The next configuration, given how the last one did; at first that is all layers quantized.
    fn update(&mut self, metric_eval: (bool, f64)) -> Proposal;
}

/// AMCT's strategy: gives back the layers that quantization changes most, as few as a bisection finds.
///
/// When the bisection ends on a configuration that does not satisfy, the last one that did is proposed
/// again.
#[derive(Clone, Debug, Default)]
pub struct BinarySearch {
    layers: Vec<String>,
    left: isize,
    mid: isize,
    right: isize,
    begun: bool,
    /// How many layers the configuration proposed last gives back.
    rolled_back: usize,
    /// The same of the last one that satisfied.
    last_satisfied: Option<usize>,
}

impl BinarySearch {
    /// A search that is not begun.
    pub fn new() -> Self {
        Self::default()
    }

    fn propose(&self, rolled_back: usize, stop: bool) -> Proposal {
        let configuration =
            self.layers.iter().enumerate().map(|(index, name)| (name.clone(), index >= rolled_back));
        Proposal { configuration: configuration.collect(), stop }
    }

    fn propose_middle(&mut self) -> Proposal {
        self.rolled_back = usize::try_from(self.mid).map_or(0, |mid| mid + 1);
        self.propose(self.rolled_back, false)
    }
}

impl Strategy for BinarySearch {
    fn initialize(&mut self, ranking: &Ranking) {
        let layers: Vec<String> = ranking.layers().iter().map(|(name, _)| name.clone()).collect();
        let right = isize::try_from(layers.len()).unwrap_or(isize::MAX) - 1;
        *self = Self { layers, right, ..Self::default() };
    }

    fn update(&mut self, (satisfied, _): (bool, f64)) -> Proposal {
        if satisfied {
            self.last_satisfied = Some(self.rolled_back);
        }
        if !self.begun && !satisfied {
            self.begun = true;
            self.mid = (self.left + self.right) / 2;
            return self.propose_middle();
        }
        if satisfied {
            self.right = self.mid - 1;
        } else {
            self.left = self.mid + 1;
        }
        self.mid = (self.left + self.right) / 2;
        if self.left <= self.right {
            return self.propose_middle();
        }
        match self.last_satisfied {
            Some(rolled_back) => self.propose(rolled_back, true),
            None => self.propose(self.layers.len(), true),
        }
    }
}
