# acceptable: resume-artefact, lr-too-high, schedule-event
import copy

import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)


def make():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def train(model, opt, steps):
    for _ in range(steps):
        i = torch.randint(len(X), (64,))
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[i]), y[i])
        loss.backward()
        opt.step()
    return loss.item()


model = make()
opt = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.9999))
print(train(model, opt, 700))
state = copy.deepcopy(model.state_dict())
model.load_state_dict(state)
opt.state.clear()
for g in opt.param_groups:
    g["lr"] = 0.1
print(train(model, opt, 300))
