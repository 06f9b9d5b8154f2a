"""The packaged embedding model: all-MiniLM-L6-v2 as int8 ONNX (see NOTICE)."""
