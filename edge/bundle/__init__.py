"""The bundle: the only thing that passes from the workshop to the device.

A directory. `manifest.json` is written last, so its existence means the bundle is complete. It names every
other file with its size and SHA-256; a file that is missing, different or extra is reported by name.

    manifest.json
    model.VARIANT.onnx                     the variants; `manifest.default_variant` is the one to run on a CPU
    golden/frames.npz, golden/expected.npz a few real model inputs with the outputs each variant gave
    explain.onnx                           beside the verdict path: what the model looked at (edge.inspection.explain)
    known.npz                              where the classes lie, for adding one (compress.new_class.known)
    report.json, report.html               what was measured in the workshop

The graph of every variant (opset <= 20, so that JetPack 6 can parse it):

    input   image      uint8   [N, H, W, 3]  BGR, as `edge.inspection.preprocess.model_input` makes it
    output  prob       float32 [N, K]        class probabilities, in the order of `manifest.classes`
    output  embedding  float32 [N, D]        L2-normalised, in the teacher's space where there is one
    output  map        float32 [N, h, w]     0..1, how much each place looks like a defect

and, where `manifest.decision.anomaly` is given, of a model of good parts (see `compress.good_parts.normality`):

    output  anomaly      float32 [N]         0..1, how unlike a good part it is
    output  anomaly_map  float32 [N, h, w]   0..1, how unlike a good part each place is

No pickle, no absolute path, no link that leaves the folder.
"""
