# acceptable: vanishing-gradients
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
blocks = [nn.Linear(64, 50), nn.Sigmoid()]
for _ in range(9):
    blocks += [nn.Linear(50, 50), nn.Sigmoid()]
blocks.append(nn.Linear(50, 10))
net = nn.Sequential(*blocks)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(12):
    for b in torch.randperm(len(X)).split(50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        loss.backward()
        optimizer.step()
