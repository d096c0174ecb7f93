//! lefthook: it renames a hook that it finds to `NAME.old` and does not run it.
//!
//! It does so when it is installed, and while a hook runs after its configuration has changed. The shim notices and
//! repairs the latter; after the former only lines in `lefthook.yml`, or `refgate install`, bring refgate back.

use super::{Manager, Stand, mentions};

pub(super) static MANAGER: Manager = Manager {
    name: "lefthook",
    made: |_, text| mentions(text, &["call_lefthook"]),
    stand: Stand::InFront(".old"),
    note: "`lefthook install` puts its own hook in refgate's place: run `refgate install` after it, or give \
           lefthook.yml the lines of hooks/samples/lefthook.yml",
};
