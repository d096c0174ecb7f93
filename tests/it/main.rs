//! The integration tests, one binary.
mod version_order;
