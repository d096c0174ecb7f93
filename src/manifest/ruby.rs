//! What is assigned in a Ruby file.

use super::code::{Code, Definitions, Expression};

/// Returns what the file assigns to constants and variables, wherever.
pub(super) fn assignments<'s>(code: &Code<'s, '_>) -> Vec<(&'s str, Expression)> {
    let assigned = code.statements().filter_map(|tokens| code.assigned(tokens));
    assigned.filter_map(|(name, value)| Some((code.text(name), code.evaluate(code.expression(value))?))).collect()
}

/// Returns what the names of assignments stand for.
pub(super) fn definitions<'s>(assignments: &[(&'s str, Expression)]) -> Definitions<'s> {
    let mut definitions = Definitions::default();
    for (name, value) in assignments {
        definitions.insert(name, value.clone());
    }
    definitions
}
