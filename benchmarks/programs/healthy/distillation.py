# acceptable: healthy
import torch
from torch import nn
from torch.nn import functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
y = torch.tensor(d.target)


def net(h):
    return nn.Sequential(nn.Linear(64, h), nn.ReLU(), nn.Linear(h, 10))


T, S = net(128), net(16)
o = torch.optim.Adam(T.parameters(), 2e-3)
for s in range(300):
    i = torch.randint(len(X), (64,))
    o.zero_grad()
    F.cross_entropy(T(X[i]), y[i]).backward()
    o.step()
T.eval().requires_grad_(False)
o = torch.optim.Adam(S.parameters(), 3e-3)
for s in range(500):
    i = torch.randint(len(X), (64,))
    z = S(X[i])
    loss = 0.5 * F.cross_entropy(z, y[i]) + 0.5 * 4 * F.kl_div(
        F.log_softmax(z / 2, 1), F.softmax(T(X[i]) / 2, 1), reduction="batchmean"
    )
    o.zero_grad()
    loss.backward()
    o.step()
print(loss.item())
