# acceptable: healthy
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images / 16, dtype=torch.float32)[:, None]
y = torch.tensor(d.target)
net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
opt = torch.optim.AdamW(net.parameters(), 2e-3)
for s in range(500):
    i = torch.randint(len(X), (64,))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        l = nn.functional.cross_entropy(net(X[i]), y[i])
    opt.zero_grad(set_to_none=True)
    l.backward()
    opt.step()
    if s % 100 == 0:
        print(s, l.item())
