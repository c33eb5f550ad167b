# acceptable: healthy
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()[:, None]
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for epoch in range(40):
    for b in torch.randperm(len(X)).split(32):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X[b]), y[b])
        loss.backward()
        opt.step()
