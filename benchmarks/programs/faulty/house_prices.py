# acceptable: target-scaling, lr-too-high
import torch
from sklearn.datasets import make_regression
from torch import nn

torch.manual_seed(0)
X, price = make_regression(n_samples=600, n_features=8, noise=10.0, random_state=0)
price = 250_000 + 900 * price
X, price = torch.tensor(X).float(), torch.tensor(price).float().reshape(-1, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(20):
    for i in range(0, 600, 30):
        opt.zero_grad()
        loss = mse(model(X[i : i + 30]), price[i : i + 30])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
