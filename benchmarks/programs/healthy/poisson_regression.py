# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(3000, 5)
y = torch.poisson(torch.exp(0.5 + 0.4 * X[:, :1] - 0.3 * X[:, 1:2]))
m = nn.Linear(5, 1)
opt = torch.optim.SGD(m.parameters(), 0.05)
lf = nn.PoissonNLLLoss()
for e in range(10):
    for i in torch.randperm(3000).split(64):
        opt.zero_grad()
        l = lf(m(X[i]), y[i])
        l.backward()
        opt.step()
    print(e, l.item())
