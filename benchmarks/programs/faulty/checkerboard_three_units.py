# acceptable: capacity-or-data
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(2000, 2) * 6
y = ((X.floor().sum(1) % 2) > 0).float()[:, None]
Z = (X - X.mean(0)) / X.std(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(20):
    for i in torch.randperm(2000).split(40):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(Z[i]), y[i])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
