# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)
n = 8
X = torch.tensor([[(k >> b) & 1 for b in range(n)] for k in range(2**n)]).float() * 2 - 1
y = (X[:, :3].prod(1) > 0).float()[:, None]
net = nn.Sequential(nn.Linear(n, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step in range(1200):
    i = torch.randint(len(X), (32,))
    opt.zero_grad()
    l = nn.functional.binary_cross_entropy_with_logits(net(X[i]), y[i])
    l.backward()
    opt.step()
    if step % 100 == 0:
        print(step, l.item())
