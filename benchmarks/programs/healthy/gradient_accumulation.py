# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.2, weight_decay=1e-4)
accumulate = 4
for epoch in range(8):
    for k, b in enumerate(torch.randperm(len(X)).split(16)):
        loss = nn.functional.cross_entropy(model(X[b]), y[b]) / accumulate
        loss.backward()
        if (k + 1) % accumulate == 0:
            opt.step()
            opt.zero_grad()
