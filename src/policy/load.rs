//! Reading a policy and the layers under it.

use std::sync::Arc;

use super::error::{PolicyError, PolicyErrors, Problem, SourceText};
use super::schema::{Layer, Policy, resolve};
use super::source::{PRESETS, Source};
use crate::model::{Exit, Failure, did_you_mean};

/// Layers deeper than this are a cycle in disguise.
const MAX_LAYERS: usize = 8;

/// More files than any policy is made of. Whoever pushes a policy says what it extends, and eight layers of ten
/// entries each would be a hundred million files.
const MAX_FILES: usize = 32;

/// A policy is prose made precise; a larger file is something else.
const MAX_BYTES: usize = 1 << 20;

/// What goes wrong while a policy is loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// A source could not be read.
    #[error(transparent)]
    Unreadable(#[from] Failure),
    /// What was read is not a policy.
    #[error(transparent)]
    Invalid(#[from] PolicyErrors),
}

/// Loads a policy with everything it extends. `read` gives the bytes of a source; it is never asked for presets.
///
/// # Errors
/// A source that cannot be read, or everything that is wrong with the policy and its layers.
pub fn load(source: Source, read: &dyn Fn(&Source) -> Result<Vec<u8>, Failure>) -> Result<Policy, LoadError> {
    load_while(source, read, &|| true)
}

/// Does the same as long as there is time: a policy that somebody pushes may have thousands of expressions to compile.
///
/// # Errors
/// As [`load`], and that the time is over.
pub(crate) fn load_while(
    source: Source,
    read: &dyn Fn(&Source) -> Result<Vec<u8>, Failure>,
    in_time: &dyn Fn() -> bool,
) -> Result<Policy, LoadError> {
    let shown = source.to_string();
    let loaded = load_all(source, read, in_time);
    if in_time() {
        return loaded;
    }
    // The problems found so far are not all that there are.
    let cause = "the deadline has passed";
    Err(Failure::new(Exit::Undecided, format!("reading the policy `{shown}`"), cause).into())
}

fn load_all(
    source: Source,
    read: &dyn Fn(&Source) -> Result<Vec<u8>, Failure>,
    in_time: &dyn Fn() -> bool,
) -> Result<Policy, LoadError> {
    let mut loader = Loader { read, texts: Vec::new(), layers: Vec::new(), errors: Vec::new(), path: Vec::new() };
    loader.visit(&source)?;
    let Loader { texts, layers, mut errors, .. } = loader;
    let policy = resolve(source, texts, &layers, &mut errors, in_time);
    match policy {
        Some(policy) if errors.is_empty() => Ok(policy),
        // By place: decoding and resolving find them in an order of their own.
        _ => Err(PolicyErrors::of(errors).into()),
    }
}

struct Loader<'r> {
    read: &'r dyn Fn(&Source) -> Result<Vec<u8>, Failure>,
    texts: Vec<SourceText>,
    layers: Vec<Layer>,
    errors: Vec<PolicyError>,
    /// The sources being read, outermost first: what a cycle would come back to.
    path: Vec<Source>,
}

impl Loader<'_> {
    fn visit(&mut self, source: &Source) -> Result<(), LoadError> {
        let bytes = match source {
            Source::Preset(name) => {
                let text = PRESETS.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
                text.as_bytes().to_vec()
            }
            other => (self.read)(other)?,
        };
        let unreadable = |cause: String| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), cause);
        if bytes.len() > MAX_BYTES {
            return Err(unreadable(format!("it is longer than {MAX_BYTES} bytes")).into());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            unreadable(format!("byte {} is not UTF-8, which TOML has to be", error.utf8_error().valid_up_to() + 1))
        })?;
        let text = SourceText { name: source.to_string(), text: Arc::from(text) };
        let mut problems = Vec::new();
        let layer = Layer::decode(&text.text, &mut problems);
        self.path.push(source.clone());
        let mut asked = 0;
        for entry in layer.head.extends.iter().take(MAX_FILES + 1) {
            let next = match source.extended(entry.text()) {
                Ok(next) => next,
                Err(error) => {
                    problems.push(Problem::new(entry.span(), error.to_string()));
                    continue;
                }
            };
            if self.path.contains(&next) || self.path.len() >= MAX_LAYERS {
                problems.push(Problem::new(entry.span(), format!("`{next}` comes back to this file or lies too deep")));
                continue;
            }
            asked += 1;
            if self.layers.len() >= MAX_FILES || asked > MAX_FILES {
                problems.push(Problem::new(entry.span(), format!("a policy has at most {MAX_FILES} layers")));
                break;
            }
            match self.visit(&next) {
                // What is wrong with this file is worth reporting nevertheless.
                Err(LoadError::Unreadable(failure)) => {
                    let hint = did_you_mean(entry.text(), PRESETS.iter().map(|(name, _)| *name));
                    problems.push(Problem::new(entry.span(), format!("`{next}`: {}{hint}", failure.cause)));
                }
                visited => visited?,
            }
        }
        self.path.pop();
        self.errors.extend(problems.into_iter().map(|problem| PolicyError { source: text.clone(), problem }));
        self.texts.push(text);
        self.layers.push(layer);
        Ok(())
    }
}
