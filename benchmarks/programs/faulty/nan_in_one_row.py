# acceptable: bad-batch
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()[:, None]
X[401, 3] = float("nan")
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for i in range(0, 440, 4):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X[i : i + 4]), y[i : i + 4])
        loss.backward()
        opt.step()
