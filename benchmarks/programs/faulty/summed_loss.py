# acceptable: loss-reduction, lr-too-high
import torch
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = make_friedman1(800, random_state=0)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float().unsqueeze(1)
model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
criterion = nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(20):
    for xb, yb in zip(X.split(100), y.split(100)):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
