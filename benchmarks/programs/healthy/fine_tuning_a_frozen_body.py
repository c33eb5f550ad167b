# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)

body = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
head = nn.Linear(64, 10)
pre = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
low = y < 5
for step in range(200):
    b = torch.randint(int(low.sum()), (64,))
    pre.zero_grad()
    nn.functional.cross_entropy(head(body(X[low][b])), y[low][b]).backward()
    pre.step()

for p in body.parameters():
    p.requires_grad = False
model = nn.Sequential(body, nn.Linear(64, 10))
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=5e-3)
for step in range(300):
    b = torch.randint(len(X), (64,))
    loss = nn.functional.cross_entropy(model(X[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
