//! The choice itself: greedy by score, hard (Girshick) or with scores that decay (Soft-NMS, Bodla
//! et al. 2017).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// When a box is taken.
pub(super) struct Limits {
    /// The most boxes to take.
    pub(super) size: usize,
    /// The overlap (intersection over union) up to which two boxes may both be taken; without
    /// meaning if scores decay.
    pub(super) iou: f32,
    /// A box is taken if its score is above this.
    pub(super) score: f32,
    /// Above 0, an overlap lowers the score by a Gaussian of this variance.
    pub(super) sigma: f32,
}

/// The chosen boxes with their scores, best first; of equal scores the lower index.
pub(super) fn select(boxes: &[[f32; 4]], scores: &[f32], limits: &Limits) -> Vec<(usize, f32)> {
    let soft = limits.sigma > 0.0;
    let scale = -0.5 / limits.sigma;
    let mut queue: BinaryHeap<Candidate> = scores
        .iter()
        .zip(boxes)
        .enumerate()
        .filter(|(_, (score, _))| **score > limits.score)
        .map(|(index, (&score, &corners))| Candidate { score, index, corners, compared: 0 })
        .collect();
    let mut chosen: Vec<Candidate> = Vec::new();
    while chosen.len() < limits.size {
        let Some(mut next) = queue.pop() else { break };
        let before = next.score;
        let mut suppressed = false;
        // A box that came back with a lower score has met the earlier ones already.
        for other in chosen.iter().skip(next.compared).rev() {
            let overlap = overlap(next.corners, other.corners);
            if soft {
                next.score *= (scale * overlap * overlap).exp();
                if next.score <= limits.score {
                    break;
                }
            } else if overlap > limits.iou {
                suppressed = true;
                break;
            }
        }
        next.compared = chosen.len();
        if suppressed {
            continue;
        }
        if next.score == before {
            chosen.push(next);
        } else if next.score > limits.score {
            queue.push(next);
        }
    }
    chosen.into_iter().map(|candidate| (candidate.index, candidate.score)).collect()
}

struct Candidate {
    score: f32,
    index: usize,
    corners: [f32; 4],
    /// How many of the chosen boxes it has been compared with.
    compared: usize,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        // No score is NaN: it would not be above the threshold.
        self.score.total_cmp(&other.score).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// Intersection over union of two boxes given by any two opposite corners `y, x, y, x`.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let ordered = |[y1, x1, y2, x2]: [f32; 4]| [y1.min(y2), x1.min(x2), y1.max(y2), x1.max(x2)];
    let area = |[top, left, bottom, right]: [f32; 4]| (bottom - top) * (right - left);
    let (a, b) = (ordered(a), ordered(b));
    let (area_a, area_b) = (area(a), area(b));
    if area_a <= 0.0 || area_b <= 0.0 {
        return 0.0;
    }
    let height = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let width = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let intersection = height * width;
    intersection / (area_a + area_b - intersection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_may_come_in_any_order_and_an_empty_box_overlaps_nothing() {
        assert_eq!(overlap([0.0, 0.0, 2.0, 2.0], [2.0, 3.0, 0.0, 1.0]), 2.0 / 6.0);
        assert_eq!(overlap([0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 1.0, 2.0]), 0.0);
    }

    #[test]
    fn the_best_of_overlapping_boxes_is_kept_and_nan_scores_are_dropped() {
        let boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [5.0, 5.0, 6.0, 6.0], [8.0, 8.0, 9.0, 9.0]];
        let limits = Limits { size: 9, iou: 0.5, score: 0.0, sigma: 0.0 };
        let found = select(&boxes, &[0.5, 0.6, 0.6, f32::NAN], &limits);
        assert_eq!(found, [(1, 0.6), (2, 0.6)]);
    }
}
