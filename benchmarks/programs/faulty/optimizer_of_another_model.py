# acceptable: no-gradient
import torch
from sklearn.datasets import load_iris
from torch import nn

torch.manual_seed(0)
X, y = load_iris(return_X_y=True)
X, y = torch.tensor(X).float(), torch.tensor(y)


def make():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))


model = make()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model = make()  # starts again from other weights
for epoch in range(300):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(model(X), y)
    loss.backward()
    optimizer.step()
