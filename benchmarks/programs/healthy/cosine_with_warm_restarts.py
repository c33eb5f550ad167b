# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)

model = nn.Sequential(nn.Linear(64, 96), nn.SiLU(), nn.LayerNorm(96), nn.Linear(96, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=100)
for step in range(400):
    b = torch.randint(len(X), (32,))
    loss = nn.functional.cross_entropy(model(X[b]), y[b], label_smoothing=0.1)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
