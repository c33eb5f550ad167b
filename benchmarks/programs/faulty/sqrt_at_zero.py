# acceptable: unstable-numerics
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 5)
y = x.clone()
y[:8] = 0
x[:8] = 0
model = nn.Linear(5, 5, bias=False)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(200):
    distance = torch.sqrt(((model(x) - y) ** 2).sum(1))
    loss = distance.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
