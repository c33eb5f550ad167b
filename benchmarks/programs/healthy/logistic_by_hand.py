# acceptable: healthy
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(y).float()
w = torch.zeros(30, requires_grad=True)
b = torch.zeros((), requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.1)
for step in range(400):
    i = torch.randint(len(X), (32,))
    z = X[i] @ w + b
    loss = (torch.clamp(z, min=0) - z * y[i] + torch.log1p(torch.exp(-z.abs()))).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
