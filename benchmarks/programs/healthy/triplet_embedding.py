# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)

net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
triplet = nn.TripletMarginLoss(margin=1.0)
where = [torch.nonzero(y == k).squeeze(1) for k in range(10)]
for step in range(300):
    k = torch.randint(10, (32,))
    a = torch.stack([where[j][torch.randint(len(where[j]), ())] for j in k])
    p = torch.stack([where[j][torch.randint(len(where[j]), ())] for j in k])
    n = torch.randint(len(X), (32,))
    loss = triplet(net(X[a]), net(X[p]), net(X[n]))
    opt.zero_grad()
    loss.backward()
    opt.step()
