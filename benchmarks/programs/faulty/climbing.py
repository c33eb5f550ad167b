# acceptable: wrong-sign
import torch
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
X, y = load_iris(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(300):
    log_p = nn.functional.log_softmax(model(X), dim=1)
    loss = log_p.gather(1, y[:, None]).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
