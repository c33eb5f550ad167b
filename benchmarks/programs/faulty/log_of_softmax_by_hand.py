# acceptable: unstable-numerics
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10), nn.Softmax(dim=1))
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for step in range(500):
    b = torch.randint(len(X), (32,))
    p = model(X[b])
    loss = -torch.log(p[torch.arange(32), y[b]]).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
