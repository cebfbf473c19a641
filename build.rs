//! Compiles the protobuf schemas in `proto/` with a compiler written in Rust: no `protoc` is needed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["tensorflow/core/framework/graph.proto"], ["proto"])?;
    prost_build::Config::new()
        // Maps in key order: equal graphs give equal bytes.
        .btree_map(["."])
        // Tensor contents are slices of the file's buffer, not copies.
        .bytes(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
