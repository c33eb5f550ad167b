# acceptable: init-symmetric
import torch
from sklearn.datasets import make_circles
from torch import nn

torch.manual_seed(0)
X, y = make_circles(600, noise=0.05, factor=0.5, random_state=0)
X, y = torch.tensor(X).float(), torch.tensor(y).float().view(-1, 1)


def init(m):
    if isinstance(m, nn.Linear):
        m.weight.data.fill_(0.5)
        m.bias.data.fill_(0)


model = nn.Sequential(nn.Linear(2, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))
model.apply(init)
opt = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(500):
    opt.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    opt.step()
