# acceptable: bad-batch, unstable-numerics, feature-scaling
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float(), torch.tensor(y)
X = (X - X.mean(0)) / X.std(0)  # some pixels never change
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(200):
    b = torch.randint(len(X), (64,))
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(X[b]), y[b])
    loss.backward()
    opt.step()
