# acceptable: target-scaling, lr-too-low
import torch
from sklearn.datasets import make_regression
from torch import nn

torch.manual_seed(0)
X, price = make_regression(n_samples=600, n_features=8, noise=10.0, random_state=3)
price = 180_000 + 500 * price
X, price = torch.tensor(X).float(), torch.tensor(price).float().reshape(-1, 1)
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(model.parameters())
for epoch in range(40):
    for i in range(0, 600, 50):
        opt.zero_grad()
        loss = ((model(X[i : i + 50]) - price[i : i + 50]) ** 2).mean()
        loss.backward()
        opt.step()
