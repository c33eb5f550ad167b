# acceptable: healthy
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)


class M(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(32, k)

    def forward(self, x):
        return self.head(self.backbone(x))


m = M(5)
old = y < 5
opt = torch.optim.Adam(m.parameters(), 2e-3)
A, B = X[old], y[old]
for s in range(300):
    i = torch.randint(len(A), (64,))
    opt.zero_grad()
    l = nn.functional.cross_entropy(m(A[i]), B[i])
    l.backward()
    opt.step()
for p in m.backbone.parameters():
    p.requires_grad_(False)
m.head = nn.Linear(32, 5)
C, D = X[~old], y[~old] - 5
opt = torch.optim.Adam(m.head.parameters(), 3e-3)
for s in range(500):
    i = torch.randint(len(C), (64,))
    opt.zero_grad()
    l = nn.functional.cross_entropy(m(C[i]), D[i])
    l.backward()
    opt.step()
print(l.item())
