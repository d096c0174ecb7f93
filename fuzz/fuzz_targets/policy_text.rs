//! A policy: any text is a policy or errors, each at a place in the text, and every error can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::policy::{LoadError, Source, load};
use refgate::testing::report::{Colour, policy_errors};
use refgate::testing::rules::arm;

fuzz_target!(|text: &[u8]| {
    // A policy that extends anything extends itself: cycles and depth are part of the input.
    let source = Source::File("policy.toml".into());
    match load(source, &|_| Ok(text.to_vec())) {
        Ok(policy) => {
            // Whatever a policy says, it says on a line of its text.
            let origins = policy.lines.iter().map(|line| &line.origin);
            let origins = origins.chain(policy.tags.iter().map(|class| &class.origin));
            let origins = origins.chain(policy.flows.iter().map(|flow| &flow.origin));
            let origins = origins.chain(policy.open.iter().map(|left| &left.origin));
            for origin in origins.chain(policy.rules.values().filter_map(|setting| setting.origin.as_ref())) {
                assert!(policy.place_of(origin).is_some_and(|(_, line)| line > 0));
            }
            if let Err(errors) = arm(&policy) {
                assert!(!policy_errors(&errors, Colour(false)).is_empty());
            }
        }
        Err(LoadError::Invalid(errors)) => {
            assert!(!errors.0.is_empty());
            for error in &errors.0 {
                assert!(error.problem.span.start <= error.source.text.len());
                let (line, column) = error.position();
                assert!(line > 0 && column > 0);
            }
            assert!(!policy_errors(&errors, Colour(false)).is_empty());
        }
        Err(LoadError::Unreadable(failure)) => assert!(!failure.to_string().is_empty()),
    }
});
