# acceptable: overshooting, lr-too-high
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(scale(y)).float()[:, None]
model = torch.nn.Linear(10, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.45, momentum=0.99)
for it in range(400):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(model(X), y)
    loss.backward()
    opt.step()
