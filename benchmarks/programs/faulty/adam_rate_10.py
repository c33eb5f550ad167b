# acceptable: lr-too-high
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=10)
loss_func = nn.CrossEntropyLoss()
for step in range(300):
    i = torch.randint(len(X), (64,))
    loss = loss_func(model(X[i]), y[i])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
