"""PyTorch's side of the fpt-step benchmark: the same GPT-2 small step, written against torch.nn alone.

Prints one JSON object: seconds per step (every one), peak resident memory, torch version, threads.
Usage: python3 torch_fpt.py DEVICE BATCH TOKENS DROPOUT STEPS THREADS [unfrozen]
DEVICE is cpu, or cuda, where single precision is kept (no TF32).
"""

import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, HEADS, LAYERS, POSITIONS = 768, 12, 12, 1024


class Block(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.c_attn, self.c_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.c_fc, self.mlp_proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.dropout = dropout

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def forward(self, x, mask):
        b, t, d = x.shape
        q, k, v = (y.view(b, t, HEADS, d // HEADS).transpose(1, 2) for y in self.c_attn(self.ln_1(x)).split(d, dim=2))
        scores = (q @ k.transpose(2, 3)) / math.sqrt(d // HEADS)
        weights = self.drop(torch.where(mask, scores, torch.tensor(-1e4, device=scores.device)).softmax(-1))
        mixed = (weights @ v).transpose(1, 2).reshape(b, t, d)
        x = x + self.drop(self.c_proj(mixed))
        h = self.c_fc(self.ln_2(x))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))  # gelu_new, as transformers 4.4 has it
        return x + self.drop(self.mlp_proj(h))


class FPT(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.in_net = nn.Sequential(nn.Linear(16, WIDTH), nn.Dropout(dropout))
        self.wpe = nn.Parameter(torch.randn(POSITIONS, WIDTH) * 0.02)
        self.blocks = nn.ModuleList(Block(dropout) for _ in range(LAYERS))
        self.ln_f, self.out_net, self.dropout = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10), dropout

    def forward(self, x):
        t = x.shape[1]
        mask = torch.tril(torch.ones(t, t, dtype=torch.bool, device=x.device))
        h = F.dropout(self.in_net(x) + self.wpe[:t], self.dropout, self.training)
        for block in self.blocks:
            h = block(h, mask)
        return self.out_net(self.ln_f(h)[:, -1])


def main():
    device, dropout = sys.argv[1], float(sys.argv[4])
    batch, tokens, steps, threads = (int(sys.argv[i]) for i in (2, 3, 5, 6))
    unfrozen = "unfrozen" in sys.argv[7:]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = FPT(dropout).to(device)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = unfrozen or any(part in name for part in ("ln_", "in_net", "out_net"))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(batch, tokens, 16), torch.arange(batch) % 10  # in the host's memory, as batches are
    model.train()
    seconds = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        loss = F.cross_entropy(model(x.to(device)), y.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        seconds.append(time.perf_counter() - start)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds[1:], "rssMb": rss, "torch": torch.__version__, "threads": threads}))


main()
