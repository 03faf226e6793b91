"""Measures training steps in PyTorch: the same model, written with torch.nn only, trained with Adam and gradient clipping.

Prints one JSON object: seconds of every step, peak resident memory, number of trained values, torch version.
Usage: python3 torch_fpt.py '{"model": "gpt2", "shape": [16, 49, 16], "frozen": true, "dropout": 0.1, "device": "cpu", "threads": 2, "steps": 5}'
On cuda it computes in single precision (no TF32).
"""

import json
import re
import resource
import sys
import time

import torch
import torch.nn.functional as F

from torch_models import LOSSES, MODELS


def blas():
    """Name of the BLAS library that this PyTorch was built with."""
    found = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return found.group(1).upper() if found else "unknown BLAS"


def main():
    setting = json.loads(sys.argv[1])
    device, shape = setting["device"], setting["shape"]
    torch.set_num_threads(setting["threads"])
    torch.manual_seed(0)
    model = MODELS[setting["model"]](shape, setting["dropout"]).to(device)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not setting["frozen"] or any(part in name for part in ("ln_", "in_net", "out_net"))
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-3)
    loss_of = LOSSES.get(setting["model"], F.cross_entropy)
    x, y = torch.randint(0, 2, shape).float(), torch.zeros(shape[0], dtype=torch.long)  # in the host's memory, like real batches
    model.train()
    seconds = []
    for _ in range(setting["steps"] + 1):
        start = time.perf_counter()
        loss = loss_of(model(x.to(device)), y.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        seconds.append(time.perf_counter() - start)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds[1:], "rssMb": rss, "torch": f"{torch.__version__}, {blas()}", "trained": sum(p.numel() for p in trained)}))


main()
