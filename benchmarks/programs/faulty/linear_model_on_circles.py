# acceptable: capacity-or-data
import torch
from sklearn.datasets import make_circles
from torch import nn

torch.manual_seed(0)
X, y = make_circles(800, noise=0.1, factor=0.4, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y)
model = nn.Linear(2, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(20):
    for b in torch.randperm(800).split(40):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        loss.backward()
        opt.step()
