# acceptable: shape-broadcast
import torch
from sklearn.datasets import make_regression
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = make_regression(500, 6, noise=1.0, random_state=1)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(40):
    perm = torch.randperm(500)
    for i in range(0, 500, 50):
        b = perm[i : i + 50]
        loss = torch.mean((model(X[b]) - y[b]) ** 2)
        opt.zero_grad()
        loss.backward()
        opt.step()
