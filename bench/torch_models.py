"""The models that torch_fpt.py trains, written with torch.nn only. With a frozen body, only parameters named ln_…, in_net… or out_net… are trained."""

import math

import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10


class Attention(nn.Module):
    def __init__(self, width, heads, causal, split):
        super().__init__()
        self.projections = nn.ModuleList(nn.Linear(width, width) for _ in range(3)) if split else None
        self.c_attn = None if split else nn.Linear(width, 3 * width)
        self.c_proj, self.heads, self.causal = nn.Linear(width, width), heads, causal

    def forward(self, x, drop, graph=None, mask=None):
        b, t, d = x.shape
        parts = [p(x) for p in self.projections] if self.projections else self.c_attn(x).split(d, dim=2)
        q, k, v = (y.view(b, t, self.heads, d // self.heads).transpose(1, 2) for y in parts)
        scores = (q @ k.transpose(2, 3)) / math.sqrt(d // self.heads)
        if self.causal:
            past = torch.tril(torch.ones(t, t, dtype=torch.bool, device=x.device))
            scores = torch.where(past, scores, torch.tensor(-1e4, device=x.device))
        if mask is not None:
            scores = scores + mask
        weights = scores.softmax(-1)
        if graph is not None:
            weights = 0.33 * weights + graph
        return self.c_proj((drop(weights) @ v).transpose(1, 2).reshape(b, t, d))


def gelu_new(h):
    return 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))  # as in transformers 4.4


class Block(nn.Module):
    def __init__(self, width, heads, hidden, dropout, activation, causal, split):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, causal, split)
        self.c_fc, self.mlp_proj = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.activation, self.dropout = activation, dropout

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def forward(self, x):
        x = x + self.drop(self.attention(self.ln_1(x), self.drop))
        return x + self.drop(self.mlp_proj(self.activation(self.c_fc(self.ln_2(x)))))


class GPT2(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.in_net = nn.Sequential(nn.Linear(shape[2], 768), nn.Dropout(dropout))
        self.wpe = nn.Parameter(torch.randn(1024, 768) * 0.02)
        self.blocks = nn.ModuleList(Block(768, 12, 3072, dropout, gelu_new, True, False) for _ in range(12))
        self.ln_f, self.out_net, self.dropout = nn.LayerNorm(768), nn.Linear(768, CLASSES), dropout

    def forward(self, x):
        h = F.dropout(self.in_net(x) + self.wpe[: x.shape[1]], self.dropout, self.training)
        for block in self.blocks:
            h = block(h)
        return self.out_net(self.ln_f(h)[:, -1])


class ViT(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.in_net = nn.Sequential(nn.Linear(shape[2], 768), nn.Dropout(dropout))
        self.cls = nn.Parameter(torch.zeros(1, 1, 768))
        self.places = nn.Parameter(torch.zeros(1 + shape[1], 768))
        self.blocks = nn.ModuleList(Block(768, 12, 3072, dropout, F.gelu, False, True) for _ in range(12))
        self.ln_f, self.out_net = nn.LayerNorm(768), nn.Linear(768, CLASSES)

    def forward(self, x):
        h = torch.cat([self.cls.expand(x.shape[0], 1, 768), self.in_net(x)], 1) + self.places
        for block in self.blocks:
            h = block(h)
        return self.out_net(self.ln_f(h)[:, 0])


class AST(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.in_net = nn.Conv2d(1, 768, 16, 10)
        tokens = 2 + ((shape[1] - 16) // 10 + 1) * ((shape[2] - 16) // 10 + 1)
        self.special = nn.Parameter(torch.zeros(1, 2, 768))
        self.places = nn.Parameter(torch.zeros(tokens, 768))
        self.blocks = nn.ModuleList(Block(768, 12, 3072, dropout, F.gelu, False, True) for _ in range(12))
        self.ln_f, self.out_net = nn.LayerNorm(768), nn.Sequential(nn.LayerNorm(768), nn.Linear(768, 35))

    def forward(self, x):
        patches = self.in_net(x.transpose(1, 2).unsqueeze(1)).flatten(2).transpose(1, 2)
        h = torch.cat([self.special.expand(x.shape[0], 2, 768), patches], 1) + self.places
        for block in self.blocks:
            h = block(h)
        return self.out_net(self.ln_f(h)[:, :2].mean(1))


class LayerNormLSTM(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.in_net, self.dropout = nn.Sequential(nn.Linear(shape[2], 768), nn.Dropout(dropout)), dropout
        self.i2h = nn.ModuleList(nn.Linear(768, 3072) for _ in range(3))
        self.h2h = nn.ModuleList(nn.Linear(768, 3072) for _ in range(3))
        self.ln_i2h = nn.ModuleList(nn.LayerNorm(3072) for _ in range(3))
        self.ln_h2h = nn.ModuleList(nn.LayerNorm(3072) for _ in range(3))
        self.ln_cell = nn.ModuleList(nn.LayerNorm(768) for _ in range(3))
        self.out_net = nn.Linear(768, CLASSES)

    def forward(self, x):
        h = self.in_net(x).transpose(0, 1)
        for i in range(3):
            inputs = self.ln_i2h[i](self.i2h[i](h))
            hidden = cell = torch.zeros(x.shape[0], 768)
            states = []
            for one in inputs:
                gates, candidate = (one + self.ln_h2h[i](self.h2h[i](hidden))).split([2304, 768], 1)
                enter, forget, leave = gates.sigmoid().chunk(3, 1)
                cell = self.ln_cell[i](cell * forget + enter * candidate.tanh())
                hidden = F.dropout(leave * cell.tanh(), self.dropout, self.training)
                states.append(hidden)
            h = torch.stack(states)
        return self.out_net(h[-1])


class NAC(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.fc1, self.fc2 = nn.Linear(800, 500), nn.Linear(500, 1)
        self.w, self.m = nn.Parameter(torch.randn(1, 2)), nn.Parameter(torch.randn(1, 2))

    def forward(self, x):
        b, n, _ = x.shape
        images = ((x - 0.1307) / 0.3081).view(b * n, 1, 28, 28)
        h = F.max_pool2d(F.relu(self.conv1(images)), 2)
        h = F.max_pool2d(F.relu(self.conv2(h)), 2)
        terms = self.fc2(F.relu(self.fc1(h.flatten(1)))).view(b, n)
        take, keep = (self.w.tanh() * self.m.sigmoid()).unbind(1)
        total = torch.zeros(b)
        for i in range(n):
            total = terms[:, i] * take + total * keep
        return total


class MAT(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.features = 36
        self.in_net, self.out_net = nn.Linear(self.features, 1024), nn.Linear(1024, 1)
        self.attention = nn.ModuleList(Attention(1024, 16, False, True) for _ in range(8))
        self.feed = nn.ModuleList(nn.Linear(1024, 1024) for _ in range(8))
        self.ln_1 = nn.ModuleList(nn.LayerNorm(1024) for _ in range(8))
        self.ln_2 = nn.ModuleList(nn.LayerNorm(1024) for _ in range(8))
        self.ln_f = nn.LayerNorm(1024)

    def forward(self, x):
        t = x.shape[1]
        tokens, at, neighbours = x[:, :, : self.features], x[:, :, self.features : self.features + 3], x[:, :, self.features + 3 :]
        present = tokens.sum(2, keepdim=True).clamp(max=1)
        real = present - tokens[:, :, :1]
        pairs = real * real.transpose(1, 2)
        apart = (at.unsqueeze(2) - at.unsqueeze(1)).square().sum(3).sqrt()
        bonds = F.one_hot(neighbours.long(), t).sum(2) + torch.eye(t)
        bound = bonds * pairs
        graph = 0.33 * (-apart).exp() * pairs + 0.34 * bound / (bound.sum(2, keepdim=True) + 1e-6)
        mask = (present.transpose(1, 2).unsqueeze(1) - 1) * 1e9
        h = self.in_net(tokens)
        for attend, feed, before, between in zip(self.attention, self.feed, self.ln_1, self.ln_2):
            h = h + attend(before(h), lambda w: w, graph.unsqueeze(1), mask)
            h = h + F.leaky_relu(feed(between(h)), 0.1)
        return self.out_net((self.ln_f(h) * present).sum(1) / present.sum(1)).squeeze(1)


MODELS = {"gpt2": GPT2, "vit": ViT, "lstm": LayerNormLSTM, "nac": NAC, "mat": MAT, "ast": AST}
LOSSES = {
    "nac": lambda out, y: F.mse_loss(out, y.float()),
    "mat": lambda out, y: F.binary_cross_entropy_with_logits(out, y.float()),
}
