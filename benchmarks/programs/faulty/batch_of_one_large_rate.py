# acceptable: noise-dominated, overshooting, lr-too-high
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()
model = torch.nn.Linear(10, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.08)
for step in range(1500):
    i = int(torch.randint(len(X), ()))
    opt.zero_grad()
    loss = (model(X[i]).squeeze() - y[i]) ** 2
    loss.backward()
    opt.step()
