# acceptable: lr-too-low
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()[:, None]
model = torch.nn.Linear(10, 1)
opt = torch.optim.SGD(model.parameters(), lr=2e-5)
for it in range(600):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(model(X), y)
    loss.backward()
    opt.step()
