# acceptable: loss-mismatch
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale

torch.manual_seed(5)
X, y = load_wine(return_X_y=True)
X, y = torch.tensor(scale(X)).float(), torch.tensor(y)


class Classifier(nn.Module):
    def __init__(self):
        super(Classifier, self).__init__()
        self.hidden = nn.Linear(13, 32)
        self.output = nn.Linear(32, 3)

    def forward(self, x):
        return self.output(F.relu(self.hidden(x)))


model = Classifier()
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(300):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    if epoch % 50 == 0:
        print("epoch", epoch, "loss", loss.item())
