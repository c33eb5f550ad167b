# acceptable: healthy
import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(y)
model = nn.Linear(13, 3)
opt = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)


def closure():
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(X), y) + 1e-3 * model.weight.square().sum()
    loss.backward()
    return loss


for step in range(40):
    opt.step(closure)
